-- The home country, when no order line comes from it: then everything counts as international,
-- which is hardly meant.
{{ config(severity='warn') }}
with

order_lines as (

    select count(*) as domestic_lines
    from {{ ref('fct_order_lines') }}
    where market = 'domestic'

)

select * from order_lines
where domestic_lines = 0
