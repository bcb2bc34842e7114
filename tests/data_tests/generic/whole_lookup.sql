{# What a lookup must not have: a value of a key twice, or none where one is needed. #}
{% test whole_lookup(model, keys=[], needed=[]) %}
{%- set file = 'seeds/' ~ model.identifier ~ '.csv' %}
{%- set columns = adapter.get_columns_in_relation(model) if execute else [] %}

{%- for key in keys %}
select
    concat(
        '{{ file }} has the {{ key }} ', cast({{ key }} as {{ dbt.type_string() }}), ' ', count(*),
        ' times; keep one of these rows'
    ) as sentence
from {{ model }}
where {{ key }} is not null
group by {{ key }}
having count(*) > 1
union all
{%- endfor %}
{%- for column in keys + needed %}
select
    concat(
        '{{ file }} has a row without {{ column }} (',
        concat_ws(
            ', '
            {%- for other in columns if other.name != column %},
            '{{ other.name }} ' || cast({{ other.name }} as {{ dbt.type_string() }})
            {%- endfor %}
        ),
        '); fill it in, or remove the row'
    ) as sentence
from {{ model }}
where {{ column }} is null
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
