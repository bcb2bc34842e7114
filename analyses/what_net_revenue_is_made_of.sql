-- From the raw amounts to net revenue, step by step, to the penny.
select
    line_type,
    count(*) as order_lines,
    sum(amount) as amount,
    sum(net_revenue) as net_revenue
from {{ ref('fct_order_lines') }}
group by line_type
order by line_type
