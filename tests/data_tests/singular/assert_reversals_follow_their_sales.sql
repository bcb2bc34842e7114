-- Reversals that can't be: earlier than the sale, of more pieces, or lost between the models.
select *
from {{ ref('fct_reversals') }}
where
    cancelled_at < ordered_at
    or cancelled_quantity > sold_quantity
    or is_whole != (cancelled_quantity = sold_quantity)
