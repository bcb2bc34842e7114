-- The KPIs of a shop straight from its CSV files, in plain DuckDB SQL: what a good engineer would
-- write without dbt. `orders` and `seeds` are set by whoever runs it.

create or replace table lines as
with raw as (
    select
        upper(trim(InvoiceNo)) as invoice,
        upper(trim(StockCode)) as product,
        nullif(trim(Description), '') as description,
        try_cast(Quantity as integer) as quantity,
        try_strptime(InvoiceDate, '%m/%d/%Y %H:%M') as ordered_at,
        try_cast(UnitPrice as decimal(18, 4)) as price,
        nullif(trim(CustomerID), '') as customer,
        coalesce(nullif(trim(Country), ''), 'Unspecified') as country
    from read_csv(
        getvariable('orders'), header = true, encoding = 'latin-1', auto_detect = false,
        quote = '"', escape = '"',
        columns = {
            'InvoiceNo': 'varchar', 'StockCode': 'varchar', 'Description': 'varchar',
            'Quantity': 'varchar', 'InvoiceDate': 'varchar', 'UnitPrice': 'varchar',
            'CustomerID': 'varchar', 'Country': 'varchar'
        }
    )
),
kept as (
    select distinct * from raw
    where
        invoice <> '' and product <> ''
        and quantity is not null and ordered_at is not null and price is not null
),
services as (
    select distinct product
    from (select distinct product from kept)
    inner join read_csv(getvariable('seeds') || '/service_codes.csv') as code
        on product like replace(code.code, '*', '%')
)
select
    kept.*,
    ordered_at::date as day,
    quantity * price as amount,
    case
        when services.product is not null then 'service'
        when invoice like 'C%' and quantity < 0 and price > 0 then 'return'
        when invoice not like 'C%' and invoice not like 'A%' and quantity > 0 and price > 0
            then 'sale'
        else 'adjustment'
    end as line_type
from kept
left join services using (product);

create or replace table invoices as
with sized as (
    select
        invoice,
        customer,
        min(ordered_at) filter (line_type = 'sale') as sold_at,
        abs(coalesce(sum(amount) filter (line_type in ('sale', 'return')), 0)) as amount
    from lines
    group by all
)
select
    sized.*,
    case
        when customer is not null and sold_at is not null
            then row_number() over (
                partition by customer, sold_at is null order by sold_at, invoice
            )
    end as order_number,
    (
        select max_by(order_size, lower_bound)
        from read_csv(getvariable('seeds') || '/order_sizes.csv') as size
        where sized.amount >= size.lower_bound
    ) as order_size
from sized;

create or replace table products as
with ranked as (
    select
        product,
        description,
        ' ' || translate(upper(description), '-.,/&()', '       ') || ' ' as words,
        row_number() over (
            partition by product
            order by
                description is null, count(*) filter (line_type = 'sale') desc, count(*) desc,
                description
        ) as place
    from lines
    group by product, description
)
select
    ranked.product,
    any_value(ranked.description) as description,
    coalesce(min_by(word.category, word.priority), 'Other') as category
from ranked
left join read_csv(getvariable('seeds') || '/categories.csv') as word
    on
        ranked.words like '% ' || word.keyword || ' %'
        or ranked.words like '% ' || word.keyword || 'S %'
where place = 1
group by ranked.product;

create or replace table sales_and_returns as
select
    lines.invoice,
    lines.product,
    lines.customer,
    lines.country,
    lines.day,
    hour(lines.ordered_at) as hour,
    products.category,
    coalesce(countries.region, 'Elsewhere') as region,
    case lines.country
        when 'United Kingdom' then 'domestic'
        when 'Unspecified' then 'unknown'
        else 'international'
    end as market,
    case
        when lines.customer is null then 'guest'
        when invoices.order_number = 1 then 'new'
        else 'returning'
    end as customer_type,
    invoices.order_size,
    line_type = 'sale' as is_sale,
    line_type = 'sale' and invoices.order_number > 1 as is_repeat,
    line_type = 'sale' and invoices.order_number = 1 and invoices.sold_at::date = lines.day
        as is_first,
    lines.amount,
    case when is_sale then lines.quantity else 0 end as units
from lines
left join invoices
    on
        lines.invoice = invoices.invoice
        and lines.customer is not distinct from invoices.customer
left join products using (product)
left join read_csv(getvariable('seeds') || '/countries.csv') as countries
    on lines.country = countries.country
where line_type in ('sale', 'return');

create or replace table calendar as
select unnest(generate_series(min(day), max(day), interval 1 day))::date as day from lines;

create or replace macro top_products(grain) as table (
    select
        date_trunc(grain, day)::date as period_start,
        product,
        sum(amount) as amount
    from sales_and_returns
    where is_sale
    group by 1, 2
    qualify row_number() over (
        partition by date_trunc(grain, day)::date order by sum(amount) desc, product
    ) <= 10
);

create or replace macro measures(grain) as table (
    select
        date_trunc(grain, day)::date as period_start,
        grouping(country) = 1 as is_total,
        country,
        sum(amount) as net,
        coalesce(sum(amount) filter (is_sale), 0) as gross,
        coalesce(-sum(amount) filter (not is_sale), 0) as returned,
        coalesce(sum(amount) filter (customer is not null), 0) as identified,
        coalesce(sum(amount) filter (market = 'international'), 0) as international,
        sum(units) as units,
        count(distinct case when is_sale then invoice end) as orders,
        count(distinct case when is_sale then customer end) as customers,
        count(distinct case when is_repeat then customer end) as repeaters,
        count(distinct case when is_first then customer end) as newcomers
    from sales_and_returns
    group by grouping sets ((period_start), (period_start, country))
);

create or replace macro kpis(grain) as table (
    with periods as (
        select distinct date_trunc(grain, day)::date as period_start from calendar
    ),
    whole as (
        select
            periods.period_start,
            coalesce(net, 0) as net,
            coalesce(gross, 0) as gross,
            coalesce(returned, 0) as returned,
            coalesce(identified, 0) as identified,
            coalesce(international, 0) as international,
            coalesce(units, 0) as units,
            coalesce(orders, 0) as orders,
            coalesce(customers, 0) as customers,
            coalesce(repeaters, 0) as repeaters,
            coalesce(newcomers, 0) as newcomers,
            coalesce(top.amount, 0) as top
        from periods
        left join measures(grain) as measured
            on periods.period_start = measured.period_start and measured.is_total
        left join (
            select period_start, sum(amount) as amount from top_products(grain) group by all
        ) as top
            on periods.period_start = top.period_start
    ),
    kpi as (
        select
            period_start,
            unnest([
                {'kpi': 'total_revenue', 'value': net::double},
                {'kpi': 'revenue_per_order', 'value': net::double / nullif(orders, 0)},
                {'kpi': 'revenue_per_customer', 'value': identified::double / nullif(customers, 0)},
                {'kpi': 'order_count', 'value': orders::double},
                {'kpi': 'items_per_order', 'value': units::double / nullif(orders, 0)},
                {'kpi': 'units_sold', 'value': units::double},
                {'kpi': 'active_customers', 'value': customers::double},
                {'kpi': 'repeat_rate', 'value': repeaters::double / nullif(customers, 0)},
                {'kpi': 'new_customers', 'value': newcomers::double},
                {'kpi': 'product_concentration', 'value': top::double / nullif(gross, 0)},
                {'kpi': 'average_price', 'value': gross::double / nullif(units, 0)},
                {'kpi': 'return_rate', 'value': returned::double / nullif(gross, 0)},
                {'kpi': 'international_revenue', 'value': international::double},
                {'kpi': 'international_share', 'value': international::double / nullif(net, 0)}
            ], recursive := true)
        from whole
    )
    select kpi, 'all' as segment, period_start, value from kpi
    union all
    select
        'revenue_by_country' as kpi,
        countries.country as segment,
        periods.period_start,
        coalesce(net, 0)::double as value
    from periods
    cross join (select distinct country from lines) as countries
    left join measures(grain) as measured
        on
            periods.period_start = measured.period_start
            and countries.country = measured.country
            and not measured.is_total
);

create or replace macro segments(grain) as table (
    with dated as (
        select *, date_trunc(grain, day)::date as period_start from sales_and_returns
    ),
    shared as (
        select
            dated.*,
            1 / per_order.sales as order_share,
            1 / per_customer.sales as customer_share,
            1 / nullif(per_customer.repeats, 0) as repeat_share,
            1 / nullif(per_customer.firsts, 0) as first_share,
            top.product is not null as is_top
        from dated
        left join (
            select period_start, invoice, count(*) as sales
            from dated where is_sale group by all
        ) as per_order
            on
                dated.is_sale
                and dated.period_start = per_order.period_start
                and dated.invoice = per_order.invoice
        left join (
            select
                period_start, customer, count(*) as sales,
                count(*) filter (is_repeat) as repeats, count(*) filter (is_first) as firsts
            from dated where is_sale and customer is not null group by all
        ) as per_customer
            on
                dated.is_sale
                and dated.period_start = per_customer.period_start
                and dated.customer = per_customer.customer
        left join top_products(grain) as top
            on dated.period_start = top.period_start and dated.product = top.product
    )
    select
        period_start, country, region, market, product, category, customer_type, order_size, hour,
        sum(amount) as net_revenue,
        sum(amount) filter (is_sale) as gross_revenue,
        -sum(amount) filter (not is_sale) as returned_revenue,
        sum(amount) filter (customer is not null) as identified_revenue,
        sum(amount) filter (market = 'international') as international_revenue,
        sum(amount) filter (is_sale and is_top) as top_product_revenue,
        sum(units) as units,
        sum(order_share) as orders,
        sum(customer_share) as active_customers,
        sum(repeat_share) filter (is_repeat) as repeat_customers,
        sum(first_share) filter (is_first) as new_customers
    from shared
    group by all
);

create or replace table kpis_daily as from kpis('day');
create or replace table kpis_weekly as from kpis('week');
create or replace table segments_daily as from segments('day');
create or replace table segments_weekly as from segments('week');
