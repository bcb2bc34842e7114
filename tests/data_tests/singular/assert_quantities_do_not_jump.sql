-- The sale line that is furthest above all that its product was sold in or at before, where that is
-- more than the contract says.
{{ jump_of('quantity', 'quantity_jump') }}
