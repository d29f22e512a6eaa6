#include "daemon/notify_format.h"

/* clang-format off */
#define TEAMS_LINE(text)                                                                           \
        "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":\"" text "\"}]}"

/* Slack reads "<!channel>" and links in a text that does not escape them; Teams reads Markdown, but
 * not in a TextRun. */
const char *const notify_formats[CONFIG_NOTIFY_FORMATS] = {
        [CONFIG_NOTIFY_JSON] =
                "{\"instance\":\"{{instance}}\",\"catalog\":\"{{catalog}}\","
                "\"status\":\"{{status}}\",\"text\":\"{{text}}\",\"more\":\"{{more}}\","
                "\"events\":[{{#events}}{"
                "\"kind\":\"{{kind}}\",\"name\":\"{{name}}\",\"catalog\":\"{{catalog}}\","
                "\"status\":\"{{status}}\",\"state\":\"{{state}}\",\"code\":\"{{code}}\","
                "\"text\":\"{{text}}\",\"time\":\"{{time}}\"}{{/events}}]}",
        [CONFIG_NOTIFY_SLACK] =
                "{\"text\":\"{{text_escaped}}\"}",
        [CONFIG_NOTIFY_TEAMS] =
                "{\"type\":\"message\",\"attachments\":[{"
                "\"contentType\":\"application/vnd.microsoft.card.adaptive\","
                "\"content\":{\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":["
                TEAMS_LINE("edgemirror {{instance}} {{more}}") ","
                "{\"type\":\"Container\",\"items\":["
                "{{#events}}" TEAMS_LINE("{{text}}") "{{/events}}]}]}}]}",
        [CONFIG_NOTIFY_ALERTMANAGER] =
                "[{{#events}}{\"labels\":{"
                "\"alertname\":\"EdgemirrorTrouble\",\"kind\":\"{{kind}}\",\"name\":\"{{name}}\","
                "\"catalog\":\"{{catalog}}\",\"instance\":\"{{peer_instance}}\"},"
                "\"annotations\":{"
                "\"summary\":\"{{text}}\",\"state\":\"{{state}}\",\"code\":\"{{code}}\"},"
                "\"startsAt\":\"{{time}}\",\"endsAt\":\"{{ends}}\"}{{/events}}]",
};
/* clang-format on */
