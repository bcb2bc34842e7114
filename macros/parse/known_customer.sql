{#
    A trimmed customer id, NULL where there is none or it is one of the words, or an address, that
    stand for whoever is not registered. Of addresses capitals don't matter.
#}
{% macro known_customer(column) -%}
    {%- set words = [
        '0', '0.0', 'guest', 'guest customer', 'guest checkout', 'anonymous', 'anonymous customer',
        'unknown', 'walk-in', 'walk in', 'walkin', 'walk-in customer', 'cash customer',
        'cash sale', 'no customer', 'not registered', '(none)', 'n.a.', '--', '–', '—', '?', '.',
        'gast', 'laufkunde', 'barverkauf', 'anonym', 'anonyme', 'client de passage', 'invité',
        'invitado', 'anónimo', 'convidado', 'ospite', 'anonimo', '-1', '-1.0', 'missing',
        'not available', 'not provided', 'no id', 'unbekannt', 'inconnu', 'desconocido',
        'sconosciuto',
    ] -%}
    case
        when lower({{ column }}) in (
            {%- for word in words %}{{ sql_text(word) }}{{ ', ' if not loop.last }}{% endfor -%}
        ) then null
        when {{ matches(
            'lower(' ~ column ~ ')',
            '(guest|anonymous|noreply|no-reply|unknown|nobody|walkin|walk-in)@.*',
        ) }} then null
        when {{ matches('lower(' ~ column ~ ')', '[^@ ]+@[^@ ]+[.][a-z]+') }}
            then lower({{ column }})
        else {{ known_text(column) }}
    end
{%- endmacro %}
