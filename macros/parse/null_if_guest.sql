{#
    A trimmed customer id, NULL where there is none or it is one of the words, or an address, that
    stand for whoever is not registered. Of addresses capitals don't matter.
#}
{% macro null_if_guest(column) -%}
    {%- set words = [
        '0', '0.0', 'no customer', 'not registered', '(none)', 'n.a.', '--', '–', '—', '?', '.',
        'gast', 'laufkunde', 'barverkauf', 'anonym', 'anonyme', 'client de passage', 'invité',
        'invitado', 'anónimo', 'convidado', 'ospite', 'anonimo', '-1', '-1.0', 'missing',
        'not available', 'not provided', 'no id', 'unbekannt', 'inconnu', 'desconocido',
        'sconosciuto', '00', '000', '0000', '00000', '000000',
        '00000000-0000-0000-0000-000000000000', 'n', '#', '/', 'anon', 'anonyme kunde', 'bar',
        'barkunde', 'barverkäufe', 'bargeld', 'client comptoir', 'client divers',
        'cliente generico', 'cliente genérico', 'clientes varios', 'consumidor final', 'cpd',
        'customer', 'diverse', 'diverse kunden', 'diversen', 'diverser kunde', 'einmalkunde',
        'gast-bestellung', 'gastbestellung', 'klient detaliczny', 'kontantkund',
        'nicht registriert', 'no name', 'not specified', 'particulier', 'perakende', 'private',
        'privato', 'público en general', 'sammelkunde', 'standard', 'tageskunde', 'tbd',
        'undefined', 'visitor', 'розничный покупатель', 'частное лицо', 'ゲスト', '匿名', '散客', 'xxx',
    ] -%}
    case
        when lower({{ column }}) in (
            {%- for word in words %}{{ sql_text(word) }}{{ ', ' if not loop.last }}{% endfor -%}
        ) then null
        when {{ matches(
            'lower(' ~ column ~ ')',
            '(guest|anonymous|noreply|no-reply|unknown|nobody|none|null|no|walkin|walk-in|test)@.*'
            '|(guest|anonymous|unknown|cash|counter|house|walk[- ]?in|over[- ]the[- ]counter|retail'
            '|default|unregistered|one[- ]?time|misc|miscellaneous|various|sundry|web|store|pos'
            '|generic|general|dummy)([- ]?(account|a/c|acct|customer|cust|sale|client|buyer|user'
            '|shopper|checkout|order)s?)?',
        ) }} then null
        when {{ matches('lower(' ~ column ~ ')', '[^@ ]+@[^@ ]+[.][a-z]+') }}
            then lower({{ column }})
        else {{ null_if_nothing(column) }}
    end
{%- endmacro %}
