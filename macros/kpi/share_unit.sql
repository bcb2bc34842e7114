{# How many parts a whole is divided into, so that shares are whole numbers. #}
{% macro share_unit() -%} 1.0e15 {%- endmacro %}
