-- The newest complete day has about as many order lines as the trading days before it.
{{ config(severity='warn') }}

with

newest as (

    select max(date_day) as date_day
    from {{ ref('fct_daily_volumes') }}
    where is_complete

)

select
    volumes.date_day,
    volumes.lines,
    volumes.expected_lines
from {{ ref('fct_daily_volumes') }} as volumes
inner join newest on volumes.date_day = newest.date_day
where volumes.is_unusual
