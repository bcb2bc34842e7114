{# What a lookup must not have: a value of a key twice, or none where one is needed. #}
{% test whole_lookup(model, keys=[], needed=[]) %}

{%- for key in keys %}
select
    '{{ key }} is not unique' as problem,
    cast({{ key }} as {{ dbt.type_string() }}) as value
from {{ model }}
group by {{ key }}
having count(*) > 1
union all
{%- endfor %}
{%- for column in keys + needed %}
select
    '{{ column }} is empty' as problem,
    cast(null as {{ dbt.type_string() }}) as value
from {{ model }}
where {{ column }} is null
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
