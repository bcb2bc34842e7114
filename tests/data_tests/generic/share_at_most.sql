{#
    What share of the rows, or of a column's absolute sum, fulfils a condition, against a data
    contract of shop.yml: 1 where it warns, 2 where it stops the build. The row it stores says so in
    words: `what` follows the share, `advice` names what would change it; of copies across files
    alone, `advice_across_files` does.
#}
{% test share_at_most(
    model, contract, condition, what, advice, where_rows='true', of=none, advice_across_files=none
) %}
{{ config(fail_calc='coalesce(max(severity), 0)', warn_if='>0', error_if='>1') }}
{%- set size = 'abs(cast(' ~ of ~ ' as decimal(38, 8)))' if of else '1' %}
{%- if advice_across_files and shop().duplicates == 'across_files' -%}
    {%- set advice = advice_across_files -%}
{%- endif %}

with

counted as (

    select
        sum({{ size }}) as all_of_it,
        sum(case when {{ condition }} then {{ size }} else 0 end) as matching,
        min(case when {{ condition }} then source_file end) as first_file
    from {{ model }}
    where {{ where_rows }}

),

first_rows as (

    select min(source_row) as first_row
    from {{ model }}
    where {{ where_rows }} and {{ condition }}
        and source_file = (select counted.first_file from counted)

),

shares as (

    select
        *,
        cast(matching as double) / nullif(cast(all_of_it as double), 0) as share
    from counted
    cross join first_rows

),

judged as (

    select
        *,
        {{ contract_severity('share', contract) }} as severity
    from shares
    where matching > 0

)

select
    severity,
    cast(cast(100 * share as decimal(18, 1)) as {{ dbt.type_string() }})
    || ' ' || {{ sql_text('% of the ' ~ ('money' if of else 'rows') ~ ' ' ~ what ~ ', first in') }}
    || ' ' || first_file || ' row ' || cast(first_row as {{ dbt.type_string() }})
    || {{ sql_text('; ' ~ advice ~ ', or contracts.' ~ contract ~ ' in shop.yml') }} as sentence
from judged
where severity > 0

{% endtest %}
