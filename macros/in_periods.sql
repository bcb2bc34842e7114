{# Whether a date is one of some literals, of which one may be `null`. #}
{% macro in_periods(expression, literals) -%}
    {%- set days = literals | reject('equalto', 'null') | list -%}
    (
        {%- if days %}{{ expression }} in ({{ days | join(', ') }}){% else %}false{% endif -%}
        {%- if 'null' in literals %} or {{ expression }} is null{% endif -%}
    )
{%- endmacro %}
