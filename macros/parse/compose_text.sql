{#
    A text in which an accent is a part of its letter (Unicode's form NFC): some systems write the
    same name as a letter and an accent, and it would be another name. Spark has no such function.
#}
{% macro compose_text(column) -%}
    {{ return(adapter.dispatch('compose_text')(column)) }}
{%- endmacro %}

{% macro default__compose_text(column) -%}
    nfc_normalize({{ column }})
{%- endmacro %}

{% macro spark__compose_text(column) -%}
    {{ column }}
{%- endmacro %}
