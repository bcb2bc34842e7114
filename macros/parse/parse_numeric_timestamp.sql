{#
    A text column such as `1/12/2010 8:26` as TIMESTAMP, read in one order of day and month; NULL
    where it is not of that form, or no date in that order.
#}
{% macro parse_numeric_timestamp(column, day_first) -%}
    {{ return(adapter.dispatch('parse_numeric_timestamp')(column, day_first)) }}
{%- endmacro %}

{# Not `translate`, which DuckDB works out for every row: `replace` only for every distinct text. #}
{% macro default__parse_numeric_timestamp(column, day_first) -%}
    {%- set date = '%d/%m/%Y' if day_first else '%m/%d/%Y' -%}
    case
        when {{ matches(column, '[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}.*') }}
            then try_strptime(
                replace(replace({{ column }}, '-', '/'), '.', '/'),
                ['{{ date }} %H:%M', '{{ date }} %H:%M:%S', '{{ date }}']
            )
    end
{%- endmacro %}

{# One blank between day and time, where there are more; numbers of one digit as they come. #}
{% macro spark__parse_numeric_timestamp(column, day_first) -%}
    {%- set date = 'd/M/yyyy' if day_first else 'M/d/yyyy' -%}
    {%- set time = '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?' -%}
    {%- set plain = "translate(regexp_replace(" ~ column ~ ", '[ \t]+', ' '), '-.', '//')" -%}
    case
        when {{ matches(column, '[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}([ \t]+' ~ time ~ ')?') }}
            then coalesce(
                try_to_timestamp({{ plain }}, '{{ date }} H:m'),
                try_to_timestamp({{ plain }}, '{{ date }} H:m:s'),
                try_to_timestamp({{ plain }}, '{{ date }}')
            )
    end
{%- endmacro %}
