-- One row per order line that later cancellations change, as it was (weight -1) and as it is after
-- them (weight 1); cancellations themselves (`is_moved`) on the day of their sale.
{%- set columns = measured_columns() if execute else [] -%}
{%- set money = 'decimal(27, 8)' -%}
{%- set restated = {
    'quantity': 'cast(quantity - taken_quantity as ' ~ quantity_type() ~ ')',
    'amount': 'cast(amount - taken_amount as ' ~ money ~ ')',
    'gross_revenue': 'cast(gross_revenue - taken_amount as ' ~ money ~ ')',
    'net_revenue': 'cast(net_revenue - taken_amount as ' ~ money ~ ')',
    'units': 'cast(units - taken_quantity as ' ~ quantity_type() ~ ')',
    'order_number': 'cast(coalesce(new_number, order_number) as bigint)',
    'is_first_order': 'is_first_order or coalesce(new_number = 1 and order_date = first_date, false)',
    'customer_type': "case when new_number = 1 then 'new' else customer_type end",
} %}
with

kpi_lines as (

    select * from {{ ref('fct_kpi_lines') }}

),

reversals as (

    select * from {{ ref('fct_reversals') }}

),

renumbered as (

    {{ orders_without_cancelled() }}

),

changed as (

    select
        kpi_lines.*,
        coalesce(sales.cancelled_quantity, 0) as taken_quantity,
        coalesce(sales.cancelled_amount, 0) as taken_amount,
        coalesce(sales.is_whole, false) as is_gone,
        cancellations.order_date as sale_date,
        renumbered.new_number,
        renumbered.first_date
    from kpi_lines
    left join reversals as sales
        on
            kpi_lines.source_file = sales.sale_source_file
            and kpi_lines.source_row = sales.sale_source_row
    left join reversals as cancellations
        on
            kpi_lines.source_file = cancellations.cancellation_source_file
            and kpi_lines.source_row = cancellations.cancellation_source_row
    left join renumbered
        on
            kpi_lines.line_type = 'sale'
            and kpi_lines.customer_id = renumbered.customer_id
            and kpi_lines.order_number = renumbered.order_number
    where
        sales.sale_source_row is not null
        or cancellations.sale_source_row is not null
        or renumbered.new_number != kpi_lines.order_number
        -- All of the first order's first day was cancelled: it begins on the next that stayed.
        or (
            renumbered.new_number = 1
            and renumbered.first_date = kpi_lines.order_date
            and not kpi_lines.is_first_order
        )

),

final as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        false as is_moved,
        -1 as weight,
        -1 as line_weight
    from changed
    union all
    select
        {%- for column in columns %}
        {{ (restated[column] ~ ' as ') if column in restated }}{{ column }},
        {%- endfor %}
        false as is_moved,
        1 as weight,
        case when is_gone then 0 else 1 end as line_weight
    from changed
    where sale_date is null
    union all
    select
        {%- for column in columns %}
        {{ 'sale_date as ' if column == 'order_date' }}{{ column }},
        {%- endfor %}
        true as is_moved,
        1 as weight,
        1 as line_weight
    from changed
    where sale_date is not null

)

select * from final
