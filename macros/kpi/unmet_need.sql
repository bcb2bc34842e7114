{# Branches of a CASE: why the source does not have what some KPIs need, as people read it. #}
{% macro unmet_need(needs) -%}
            when {{ needs }}.need like '%customers' and {{ needs }}.customers = 0
                then 'the source has no customer ids'
            when {{ needs }}.need = 'repeat_customers' then 'no customer has ordered twice'
            when {{ needs }}.need = 'returns' then 'the source has no returns'
            when {{ needs }}.need = 'many_products'
                then 'no more than {{ kpi_needs().many_products.members - 1 }} products are sold'
            when {{ needs }}.countries = 0 then 'the source has no countries'
            when {{ needs }}.countries = 1
                then 'all orders come from one country, ' || {{ needs }}.country
            else {{ sql_text('no order comes from the home country, ' ~ shop().home_country) }}
{%- endmacro %}
