-- One row per day and product among the day's best sellers by gross revenue.
{{ top_products('daily') }}
