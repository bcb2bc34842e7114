"""Names of columns, and words in them, that say of lines whether they count, in more languages."""

# ruff: noqa: RUF001 - these are words in other scripts, not Latin letters that look like them
from __future__ import annotations

import unicodedata

NAMES = unicodedata.normalize(
    "NFKD",
    "статус|состояни|^стан$|състояние|状态|狀態|状態|ステータス|상태|^stav(?:$|obj|plat)|^stan(?:$|zam|plat)"
    "|allapot|statusz|κατασταση|trangthai|^stare(?:$|com|plat)|^tilstand$|^stanje$|^olek$|busena"
    "|סטטוס|حالة|สถานะ|возврат|отмен|退款|退货|返品|取消|반품|환불|취소|storno|zrusen|torolve"
    "|^dc?to(?:$|pct|[0-9])|^rem$|deduction|rebaja|bonifica|rabais|ribasso|abzug|ermassigung"
    "|kedvezmeny|alennus|znizka|upust|reducere|εκπτωση|할인|giamgia|diskon|(?:pct|percent|amount)off$",
)
"""Of columns, as `normalise` has them: of statuses, returns, cancellations and discounts."""
_CANCELLED = (
    r"отм[еі]н[её]?н\S*|аннулир\S*|анулиран\S*|скасован\S*|交易关闭|交易取消|订单取消|已取消|취소(?:완료|됨)?"
    r"|주문\s?취소|zrušen\S*|zrusen\S*|anulowan\S*|törölve|törölt|sztornó\S*|sztornírozva|lemondva"
    r"|ακυρ[ωώ]\S*|キャンセル(?:済み?)?|取消(?:済み?)?|注文取消|(?:đã )?h(?:ủy|uỷ)(?: bỏ)?"
    r"|anulat\S*|iptal edildi|İptal edildi|peruttu|peruutettu|kansellert|avbestilt|avbokad"
    r"|makulerad\S*|annulleret|otkazan\S*|poništen\S*|dibatalkan|ยกเลิก(?:แล้ว)?|בוטל\S*|מבוטל\S*"
    r"|ملغ\S*|تم الإلغاء"
)
VOID_NOTE = f"(?i)(?:{_CANCELLED})"
"""The order never came about; certain in whichever column."""
VOID = (
    rf"(?:{_CANCELLED}|отклон\S*|удал[её]н\S*|не\s?оплач\S*|ожида\S* оплат\S*|关闭|已关闭|待付款"
    r"|未付款|等待买家付款|支付失败|결제\s?(?:대기|실패)|입금\s?대기|미결제|nezaplacen\S*|zamítnut\S*"
    r"|zamietnut\S*|čeká na platbu|nieopłacon\S*|odrzucon\S*|oczekuje na płatność|fizetésre vár"
    r"|sikertelen\S*|elutasít\S*|εκκρεμ\S*|απορρ\S*|未払い|入金待ち|支払い?待ち|失敗|thất bại"
    r"|(?:chờ|chưa) thanh toán|refuzat\S*|respins\S*|eșuat\S*|neplătit\S*|reddedildi|başarısız"
    r"|ödenmedi|ödeme bekl\S*|hylätty|maksamaton|epäonnist\S*|obetald|ubetalt|afvist|mislykke\S*"
    r"|recusad\S*|negad\S*|não pag\S*|pendente|aguardando|falhou|rifiutat\S*|non pagat\S*"
    r"|mislukt|geweigerd|onbetaald|verlopen|abgelehnt|abgelaufen|denegad\S*|no pagad\S*"
    r"|belum (?:di)?bayar|gagal)(?:[ (,:-].*)?"
)
"""The same, or it is not paid, in a column of statuses; with who did it, or why."""
RETURNED = (
    r"возвращ[её]н\S*|退款成功|已退货|반품(?:완료)?|환불(?:완료)?|返品済み?|返金済み?|vrácen\S*|vráten\S*"
    r"|vratk\S*|zwrócon\S*|visszár\S*|visszaküld\S*|visszatérít\S*|επιστρ[οά]φ\S*"
    r"|(?:đã )?(?:trả hàng|hoàn tiền)|returnat\S*|returner\S*|retur|iade edil\S*|palaut(?:ettu|us)"
    r"|återbetal\S*|återköp\S*|vraćen\S*|dikembalikan|คืนเงิน|คืนสินค้า|הוחזר\S*|مرتجع|مسترد"
)
"""What was sold came back, or its money did."""
HARMLESS = (
    r"выполнен\S*|доставлен\S*|оплачен\S*|отправлен\S*|заверш[её]н\S*|получен\S*|交易成功|已完成"
    r"|已发货|已付款|已签收|完成|배송\s?(?:완료|중)|구매확정|결제완료|완료|vyřízen\S*|doručen\S*|zaplacen\S*"
    r"|odeslán\S*|dokončen\S*|vybaven\S*|odoslan\S*|zrealizowan\S*|wysłan\S*|opłacon\S*"
    r"|dostarczon\S*|zakończon\S*|teljesít\S*|kiszállít\S*|fizetve|kézbesít\S*|ολοκληρ\S*"
    r"|πληρ[ωώ]\S*|παραδ[όο]\S*|απεστ\S*|完了|(?:発送|出荷|支払い?|配達|入金)(?:済み?|完了)"
    r"|hoàn thành|hoàn tất|đã giao(?: hàng)?|đã thanh toán"
    r"|finalizat\S*|livrat\S*|plătit\S*|expediat\S*"
    r"|tamamlandı|teslim edildi|ödendi|kargoland[ıi]|gönderildi|toimitettu|maksettu|valmis"
    r"|levererad|skickad|betald|leveret|betalt|sendt|levert|fullført|afsluttet|selesai|dikirim"
)
"""The line counts as any other."""
