-- An event of seeds/events.csv that ends before it begins: nothing would ever match it.
select
    starts_on,
    ends_on,
    event
from {{ ref('events') }}
where ends_on < starts_on
