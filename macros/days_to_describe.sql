{#
    The days that fct_order_lines holds with other rows than int_order_lines__classified, or with
    another place of an order among its customer's, or another name of a product; as a query.
#}
{% macro days_to_describe() -%}
    {{ differing_periods(
        period_signatures(
            ref('int_order_lines__classified'), 'cast(ordered_at as date)', 'row_hash',
            'reject_reason is null'
        ),
        period_signatures(this, 'order_date', 'row_hash')
    ) }}
    union
    select held.order_date
    from (
        select distinct
            order_date, invoice_no, customer_id, customer_type, order_size, order_number,
            is_first_order
        from {{ this }}
    ) as held
    left join {{ ref('int_invoices__numbered') }} as invoices
        on
            held.invoice_no = invoices.invoice_no
            and held.customer_id is not distinct from invoices.customer_id
    where
        held.customer_type is distinct from invoices.customer_type
        or held.order_size is distinct from invoices.order_size
        or held.order_number is distinct from invoices.order_number
        or held.is_first_order is distinct from coalesce(
            invoices.order_number = 1 and cast(invoices.first_sale_at as date) = held.order_date,
            false
        )
    union
    select distinct lines.order_date
    from {{ this }} as lines
    inner join (
        select held.product
        from (select distinct product, description, category from {{ this }}) as held
        left join {{ ref('int_products__described') }} as products
            on held.product = products.stock_code
        where
            held.description is distinct from products.description
            or held.category is distinct from products.category
    ) as renamed on lines.product = renamed.product
{%- endmacro %}
