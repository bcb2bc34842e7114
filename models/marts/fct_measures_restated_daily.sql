-- One row per day, country and combination of what measures count, as in fct_measures_daily, after
-- later cancellations: sales without what was taken back, returns on the day of their sale.
{%- set measures = kpi_measures('daily') -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- set sums = measures | selectattr('agg', 'equalto', 'sum') | list -%}
{%- set largest = sums | selectattr('largest') | list %}
with

restated_lines as (

    select * from {{ ref('fct_kpi_lines_restated') }}

),

segments as (

    select * from {{ ref('fct_segments_daily') }}

),

changes as (

    select
        order_date,
        country
        {%- for measure in counts %},
        {{ measure.expr }} as {{ measure.measure }}
        {%- endfor %}
        {%- for measure in sums %},
        {% if not measure_of_returns(measure.measure) %}case when is_moved then 0 else weight end
        {%- else %}weight{% endif %} * ({{ measure.expr }}) as {{ measure.measure }}
        {%- endfor %},
        line_weight as lines
    from restated_lines

),
{%- for measure in largest %}

{{ restated_largest(measure) }},
{%- endfor %}

together as (
    {%- for part in [ref('fct_measures_daily'), 'changes'] %}

    select
        order_date,
        country
        {%- for measure in counts + sums %},
        {{ '0 as ' if measure in largest }}{{ measure.measure }}
        {%- endfor %},
        lines
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for ranked in largest %}
    union all
    select
        order_date,
        null as country
        {%- for measure in counts %},
        null as {{ measure.measure }}
        {%- endfor %}
        {%- for measure in sums %},
        {{ 'amount' if measure == ranked else 0 }} as {{ measure.measure }}
        {%- endfor %},
        0 as lines
    from {{ ranked.measure }}_ranked
    where place <= {{ ranked.largest.members }}
    {%- endfor %}

),

summed as (

    select
        order_date,
        country
        {%- for measure in counts %},
        {{ measure.measure }}
        {%- endfor %}
        {%- for measure in sums %},
        cast(sum({{ measure.measure }}) as decimal(38, 8)) as {{ measure.measure }}
        {%- endfor %},
        cast(sum(lines) as bigint) as lines
    from together
    group by {{ range(1, counts | length + 3) | join(', ') }}

),

final as (

    select
        order_date,
        country
        {%- for measure in counts %},
        case when lines > 0 then {{ measure.measure }} end as {{ measure.measure }}
        {%- endfor %}
        {%- for measure in sums %},
        {{ measure.measure }}
        {%- endfor %},
        lines
    from summed

)

select * from final
