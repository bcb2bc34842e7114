{# Every character of white space, and the two invisible ones that exports leave beside fields. #}
{% macro blank_characters() -%}
    {{ return(
        '\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005'
        ~ '\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff'
    ) }}
{%- endmacro %}
