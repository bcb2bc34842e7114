-- Words such as `NULL` or `N/A` in the raw files, by column: they are read as nothing.
{{ config(severity='warn') }}
{{ count_words_for_nothing(
    source('online_retail', 'order_lines'),
    ['customer_id', 'country', 'stock_code', 'invoice_no', 'description'],
) }}
