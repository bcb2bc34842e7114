-- Which raw rows are not in the KPIs, why, and what they would have been worth.
select
    source_file,
    reason,
    detail,
    count(*) as raw_rows,
    sum(amount) as amount
from {{ ref('fct_rejected_order_lines') }}
group by source_file, reason, detail
order by raw_rows desc
