{# An ISO timestamp as text without its zone: engines disagree on what a zone does to the clock. #}
{% macro without_zone(column) -%}
    regexp_replace({{ column }}, '(Z|[+-][0-9]{2}:?[0-9]{2})$', '')
{%- endmacro %}
