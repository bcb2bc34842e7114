-- One row per dimension and month: whether findings of the month are broken down by it, as learned
-- from the twelve months before; the last month is the one after the data.
with

segments as (

    select * from {{ ref('fct_segments_daily') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

sold as (
    {% for dimension in kpi_dimensions() %}
    select
        '{{ dimension.dimension }}' as dimension,
        {{ month_start('period_start') }} as month_start,
        coalesce(cast({{ dimension.dimension }} as {{ dbt.type_string() }}), '(none)') as member,
        cast(sum(gross_revenue + returned_revenue) as decimal(38, 8)) as turnover
    from segments
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Also those without a sale: what is found in them is broken down, too.
months as (

    select {{ month_start('date_day') }} as month_start from dates
    union
    select {{ month_start("max(date_day) + interval '1' month") }} from dates

),

past as (

    select
        sold.dimension,
        months.month_start,
        sold.member,
        cast(sum(sold.turnover) as decimal(38, 8)) as turnover
    from months
    inner join sold
        on
            months.month_start > sold.month_start
            and months.month_start <= sold.month_start + interval '12' month
    group by 1, 2, 3

),

ranked as (

    select
        *,
        row_number() over (
            partition by dimension, month_start
            order by turnover desc, member asc
        ) as place,
        sum(turnover) over (partition by dimension, month_start) as total
    from past

),

final as (

    select
        dimension,
        month_start,
        member as largest_member,
        turnover as largest_turnover,
        cast(total as decimal(38, 8)) as turnover,
        coalesce(
            cast(turnover as double)
            <= {{ var('largest_share') }} * cast(total as double),
            true
        ) as is_broken_down
    from ranked
    where place = 1

)

select * from final
