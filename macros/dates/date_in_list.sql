{# Whether a date is in a list of literals, of which one may be `null`. #}
{% macro date_in_list(expression, literals) -%}
    {%- set days = literals | reject('equalto', 'null') | list -%}
    (
        {%- if days %}{{ expression }} in ({{ days | join(', ') }}){% else %}false{% endif -%}
        {%- if 'null' in literals %} or {{ expression }} is null{% endif -%}
    )
{%- endmacro %}
