-- What became of every raw row, and what is net revenue made of?
with

accepted as (

    select
        line_type as place,
        cast(null as varchar) as detail,
        amount,
        net_revenue
    from {{ ref('fct_order_lines') }}

),

rejected as (

    select
        reason as place,
        detail,
        amount,
        cast(0 as decimal(38, 8)) as net_revenue
    from {{ ref('fct_rejected_order_lines') }}

),

rows_read as (

    select * from accepted
    union all
    select * from rejected

)

select
    place,
    detail,
    count(*) as raw_rows,
    sum(amount) as amount,
    sum(net_revenue) as net_revenue
from rows_read
group by place, detail
order by raw_rows desc, place asc
