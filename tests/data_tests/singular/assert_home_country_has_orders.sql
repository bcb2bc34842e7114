-- The home country, when no order line comes from it: then everything counts as international,
-- which is hardly meant; a source without countries has none.
{{ config(severity='warn') }}
with

order_lines as (

    select
        sum(case when market = 'domestic' then 1 else 0 end) as domestic_lines,
        sum(case when market = 'international' then 1 else 0 end) as international_lines
    from {{ ref('fct_order_lines') }}

)

select
    'no order comes from the home country, ' || {{ sql_text(shop().home_country) }}
    || '; set shop.home_country in shop.yml' as sentence
from order_lines
where domestic_lines = 0 and international_lines > 0
