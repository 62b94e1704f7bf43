//! The pages' words, a row for each language. Whoever adds one names it in `ALL`, and adds nothing else.

use super::Words;

pub(super) const ALL: [&Words; 8] =
    [&ENGLISH, &ARABIC, &AZERBAIJANI, &FRENCH, &GERMAN, &RUSSIAN, &SPANISH, &TURKISH];

pub(super) const ENGLISH: Words = Words {
    lang: "en",
    script: "Latn",
    feeds: "Feeds",
    subscribe: "Subscribe",
    how: "This is a web feed. Give one of these addresses to a feed reader, and new articles come to \
          you by themselves. All three say the same; every reader takes the first.",
    choose: "A feed tells your feed reader what is new. Choose one and give its address to the \
             reader, and new articles come to you by themselves.",
    open: "Open in a feed reader",
    changed: "Last changed ",
    updated: "Updated ",
    articles: "Articles",
    number: "Articles: ",
    none: "There are none at the moment.",
    all: "All feeds",
    skip: "Skip to the content",
    website: "For your website",
    paste: "Paste these lines into the head of your pages, and browsers and feed readers find the \
            feed there.",
    opml: "All of them, for a feed reader (OPML)",
    day: "{d} {m} {y}",
    first: "1",
    comma: ", ",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

const ARABIC: Words = Words {
    lang: "ar",
    script: "Arab",
    feeds: "الخلاصات",
    subscribe: "اشترك",
    how: "هذه خلاصة ويب. أضف أحد هذه العناوين إلى قارئ الخلاصات، فتصلك المقالات الجديدة من تلقاء نفسها. \
          العناوين الثلاثة سواء، والأول منها يفهمه كل قارئ.",
    choose: "تخبر الخلاصة قارئ الخلاصات بما هو جديد. اختر واحدة وأضف عنوانها إلى القارئ، فتصلك \
             المقالات الجديدة من تلقاء نفسها.",
    open: "افتح في قارئ الخلاصات",
    changed: "آخر تغيير: ",
    updated: "آخر تحديث: ",
    articles: "المقالات",
    number: "المقالات: ",
    none: "لا شيء في الوقت الحالي.",
    all: "كل الخلاصات",
    skip: "انتقل إلى المحتوى",
    website: "لموقعك",
    paste: "ألصق هذه الأسطر في قسم head من صفحاتك، فتجد المتصفحات وقارئات الخلاصات الخلاصة هناك.",
    opml: "كلها معًا، لقارئ الخلاصات (OPML)",
    day: "{d} {m} {y}",
    first: "1",
    comma: "، ",
    months: [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
};

const AZERBAIJANI: Words = Words {
    lang: "az",
    script: "Latn",
    feeds: "Lentlər",
    subscribe: "Abunə ol",
    how: "Bu, veb-lentdir. Bu ünvanlardan birini lent oxuyan proqrama əlavə edin, yeni məqalələr sizə \
          özləri gələcək. Üçü də eynidir; birincisini hər proqram tanıyır.",
    choose: "Lent oxuyan proqrama nəyin yeni olduğunu lent bildirir. Birini seçin və ünvanını proqrama \
             əlavə edin, yeni məqalələr sizə özləri gələcək.",
    open: "Lent oxuyan proqramda aç",
    changed: "Son dəyişiklik: ",
    updated: "Yenilənib: ",
    articles: "Məqalələr",
    number: "Məqalələr: ",
    none: "Hazırda heç nə yoxdur.",
    all: "Bütün lentlər",
    skip: "Məzmuna keç",
    website: "Saytınız üçün",
    paste: "Bu sətirləri səhifələrinizin head bölməsinə yapışdırın: brauzerlər və lent oxuyan \
            proqramlar lenti orada tapacaq.",
    opml: "Hamısı, lent oxuyan proqram üçün (OPML)",
    day: "{d} {m} {y}",
    first: "1",
    comma: ", ",
    months: [
        "yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr",
        "oktyabr", "noyabr", "dekabr",
    ],
};

const FRENCH: Words = Words {
    lang: "fr",
    script: "Latn",
    feeds: "Flux",
    subscribe: "S’abonner",
    how: "Ceci est un flux web. Donnez l’une de ces adresses à un lecteur de flux, et les nouveaux \
          articles viendront à vous d’eux-mêmes. Toutes trois disent la même chose\u{a0}; la première \
          convient à tous les lecteurs.",
    choose: "Un flux annonce les nouveautés à votre lecteur de flux. Choisissez-en un, donnez son \
             adresse au lecteur, et les nouveaux articles viendront à vous d’eux-mêmes.",
    open: "Ouvrir dans un lecteur de flux",
    changed: "Dernière modification\u{a0}: ",
    updated: "Mis à jour\u{a0}: ",
    articles: "Articles",
    number: "Articles\u{a0}: ",
    none: "Il n’y en a pas pour le moment.",
    all: "Tous les flux",
    skip: "Aller au contenu",
    website: "Pour votre site",
    paste: "Collez ces lignes dans l’en-tête (head) de vos pages\u{a0}: les navigateurs et les lecteurs \
            y trouveront le flux.",
    opml: "Tous les flux, pour un lecteur de flux (OPML)",
    day: "{d} {m} {y}",
    first: "1er",
    comma: ", ",
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
};

const GERMAN: Words = Words {
    lang: "de",
    script: "Latn",
    feeds: "Feeds",
    subscribe: "Abonnieren",
    how: "Dies ist ein Web-Feed. Geben Sie eine dieser Adressen in einen Feedreader ein, und neue \
          Artikel kommen von selbst zu Ihnen. Alle drei sagen dasselbe; die erste versteht jeder Reader.",
    choose: "Ein Feed sagt Ihrem Feedreader, was es Neues gibt. Wählen Sie einen aus und geben Sie seine \
             Adresse in den Reader ein, dann kommen neue Artikel von selbst zu Ihnen.",
    open: "Im Feedreader öffnen",
    changed: "Zuletzt geändert: ",
    updated: "Aktualisiert: ",
    articles: "Artikel",
    number: "Artikel: ",
    none: "Zurzeit gibt es keine.",
    all: "Alle Feeds",
    skip: "Zum Inhalt springen",
    website: "Für Ihre Website",
    paste: "Fügen Sie diese Zeilen in den Kopf (head) Ihrer Seiten ein, dann finden Browser und \
            Feedreader den Feed dort.",
    opml: "Alle zusammen, für einen Feedreader (OPML)",
    day: "{d}. {m} {y}",
    first: "1",
    comma: ", ",
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
};

const RUSSIAN: Words = Words {
    lang: "ru",
    script: "Cyrl",
    feeds: "Ленты",
    subscribe: "Подписаться",
    how: "Это веб-лента. Добавьте один из этих адресов в программу для чтения лент, и новые статьи будут \
          приходить сами. Все три адреса равноценны; первый понимает любая программа.",
    choose: "Лента сообщает программе для чтения лент, что появилось нового. Выберите ленту и добавьте её \
             адрес в программу, и новые статьи будут приходить сами.",
    open: "Открыть в программе для чтения лент",
    changed: "Последнее изменение: ",
    updated: "Обновлено: ",
    articles: "Статьи",
    number: "Статей: ",
    none: "Пока ничего нет.",
    all: "Все ленты",
    skip: "Перейти к содержанию",
    website: "Для вашего сайта",
    paste: "Вставьте эти строки в раздел head ваших страниц, и браузеры и программы для чтения найдут там \
            ленту.",
    opml: "Все ленты, для программы чтения (OPML)",
    day: "{d} {m} {y}",
    first: "1",
    comma: ", ",
    months: [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
};

const SPANISH: Words = Words {
    lang: "es",
    script: "Latn",
    feeds: "Feeds",
    subscribe: "Suscribirse",
    how: "Esto es un feed web. Dé una de estas direcciones a un lector de feeds y los artículos nuevos le \
          llegarán solos. Las tres dicen lo mismo; todos los lectores entienden la primera.",
    choose: "Un feed anuncia las novedades a su lector de feeds. Elija uno y dé su dirección al lector: los \
             artículos nuevos le llegarán solos.",
    open: "Abrir en un lector de feeds",
    changed: "Última modificación: ",
    updated: "Actualizado: ",
    articles: "Artículos",
    number: "Artículos: ",
    none: "No hay ninguno por el momento.",
    all: "Todos los feeds",
    skip: "Ir al contenido",
    website: "Para su sitio web",
    paste: "Pegue estas líneas en la cabecera (head) de sus páginas, y los navegadores y lectores \
            encontrarán ahí el feed.",
    opml: "Todos juntos, para un lector de feeds (OPML)",
    day: "{d} de {m} de {y}",
    first: "1",
    comma: ", ",
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
};

const TURKISH: Words = Words {
    lang: "tr",
    script: "Latn",
    feeds: "Akışlar",
    subscribe: "Abone ol",
    how: "Bu bir web akışıdır. Bu adreslerden birini akış okuyucunuza ekleyin; yeni yazılar kendiliğinden \
          size gelir. Üçü de aynıdır; ilkini her okuyucu tanır.",
    choose: "Akış, okuyucunuza neyin yeni olduğunu bildirir. Birini seçip adresini akış okuyucunuza ekleyin; \
             yeni yazılar kendiliğinden size gelir.",
    open: "Akış okuyucuda aç",
    changed: "Son değişiklik: ",
    updated: "Güncellendi: ",
    articles: "Yazılar",
    number: "Yazılar: ",
    none: "Şu anda hiç yok.",
    all: "Tüm akışlar",
    skip: "İçeriğe geç",
    website: "Siteniz için",
    paste: "Bu satırları sayfalarınızın head bölümüne yapıştırın; tarayıcılar ve akış okuyucular akışı orada \
            bulur.",
    opml: "Tümü, akış okuyucu için (OPML)",
    day: "{d} {m} {y}",
    first: "1",
    comma: ", ",
    months: [
        "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim",
        "Kasım", "Aralık",
    ],
};
