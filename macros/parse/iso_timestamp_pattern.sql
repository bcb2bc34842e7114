{# A whole ISO date, with or without time, seconds, their fraction and a zone. #}
{% macro iso_timestamp_pattern() -%}
    {%- set time = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {{ return('[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]' ~ time ~ '(Z|[+-][0-9]{2}:?[0-9]{2})?)?') }}
{%- endmacro %}
