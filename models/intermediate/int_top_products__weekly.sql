-- One row per ISO week and product among the week's best sellers by gross revenue.
{{ top_products('weekly') }}
