{# The `meta` of a measure or dimension has no key that nothing reads. #}
{% macro validate_measured_keys(which, meta, allowed) %}
    {%- for key in meta.keys() | reject('in', allowed) -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": unknown key '" ~ key ~ "' in config.meta; allowed: " ~ allowed | join(', ')
        ) -%}
    {%- endfor -%}
{% endmacro %}
