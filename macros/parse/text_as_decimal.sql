{# A text column that holds a number as DECIMAL(27, 8), NULL where it does not fit. #}
{% macro text_as_decimal(column) -%}
    {{ return(adapter.dispatch('text_as_decimal')(column)) }}
{%- endmacro %}

{% macro default__text_as_decimal(column) -%}
    try_cast({{ column }} as decimal(27, 8))
{%- endmacro %}

{# Sail 0.7.2 reads no exponent in a decimal; a double is exact enough for the prices with one. #}
{% macro spark__text_as_decimal(column) -%}
    coalesce(
        try_cast({{ column }} as decimal(27, 8)),
        try_cast(try_cast({{ column }} as double) as decimal(27, 8))
    )
{%- endmacro %}
