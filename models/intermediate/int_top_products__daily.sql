-- One row per day and product among the day's ten best sellers by gross revenue.
{{ top_products('daily') }}
