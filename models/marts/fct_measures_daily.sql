-- One row per day, country and combination of what measures count (an order, its customer): few
-- enough to count from, for both grains and every share.
with

kpi_lines as (

    select * from {{ ref('fct_kpi_lines') }}

),

final as (

    {{ counted_lines() }}

)

select * from final
