{#
    A text column as TIMESTAMP: `12/1/2010 8:26` (month first) or `2010-12-01 08:26:00` (blank or
    `T`), seconds optional. A zone suffix is dropped: a shop's day is its own clock's day. A
    two-digit year is ambiguous and so unreadable (NULL).
#}
{% macro parse_timestamp(column) -%}
    {{ return(adapter.dispatch('parse_timestamp')(column)) }}
{%- endmacro %}

{% macro default__parse_timestamp(column) -%}
    case
        when {{ matches(column, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}.*') }}
            then try_strptime({{ column }}, ['%m/%d/%Y %H:%M', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y'])
        when {{ matches(column, iso_timestamp_pattern()) }}
            then try_cast({{ without_zone(column) }} as timestamp)
    end
{%- endmacro %}

{# One blank between day and time, where there are more; numbers of one digit as they come. #}
{% macro spark__parse_timestamp(column) -%}
    {%- set time = '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?' -%}
    {%- set one_blank = "regexp_replace(" ~ column ~ ", '[ \t]+', ' ')" -%}
    case
        when {{ matches(column, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}([ \t]+' ~ time ~ ')?') }}
            then coalesce(
                try_to_timestamp({{ one_blank }}, 'M/d/yyyy H:m'),
                try_to_timestamp({{ one_blank }}, 'M/d/yyyy H:m:s'),
                try_to_timestamp({{ one_blank }}, 'M/d/yyyy')
            )
        when {{ matches(column, iso_timestamp_pattern()) }}
            then try_cast({{ without_zone(column) }} as timestamp)
    end
{%- endmacro %}
