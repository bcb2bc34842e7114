{#
    A text column as TIMESTAMP: `12/1/2010 8:26` (with `/`, `-` or `.`) or `2010-12-01 08:26:00`
    (blank or `T`), seconds optional. A zone suffix is dropped: a shop's day is its own clock's day.
    A two-digit year is ambiguous and so unreadable (NULL).

    `date_order` is a column with which number comes first in the file: `month first` or
    `day first`. Where it is NULL, only what is the same day either way is read.
#}
{% macro parse_timestamp(column, date_order) -%}
    {%- set month_first = parse_numeric_timestamp(column, day_first=false) -%}
    {%- set day_first = parse_numeric_timestamp(column, day_first=true) -%}
    case
        when {{ matches(column, iso_timestamp_pattern()) }}
            then try_cast({{ without_zone(column) }} as timestamp)
        when {{ date_order }} = 'day first' then {{ day_first }}
        when {{ date_order }} = 'month first' or {{ month_first }} = {{ day_first }}
            then {{ month_first }}
    end
{%- endmacro %}
