{#
    What holds for all order lines, as the one row of raw.shop: the rules of the public data set or
    none, what a duplicate is, the shop's country and currency. What shop.yml leaves open of the
    public data set is in `vars`.
#}
{% macro shop() %}
    {%- set usual = {'home_country': var('home_country'), 'currency': var('currency')} -%}
    {%- if not execute -%}
        {%- do usual.update({
            'is_uci': true, 'duplicates': 'drop', 'numbers_by_day': false,
            'decimal_quantities': false,
        }) -%}
        {{ return(usual) }}
    {%- endif -%}
    {%- set found = asked_once('select * from raw.shop') -%}
    {%- for name, value in zip(found.column_names, found.rows[0].values()) if value is not none -%}
        {%- do usual.update({name: value}) -%}
    {%- endfor -%}
    {%- if not usual.is_uci -%}
        {%- do usual.update({'home_country': found.rows[0]['home_country']}) -%}
    {%- endif -%}
    {{ return(usual) }}
{% endmacro %}
