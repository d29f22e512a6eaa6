/*
 * limits: every cap on what comes from outside, in one place.
 *
 * A cap that is reached is an error that names it, never a silent cut (texts for people excepted:
 * those are cut visibly).
 */
#pragma once

/* HTTP */
#define LIMIT_BODY_MAX_BYTES                                                                       \
        (16 * 1024 * 1024) /* one page of 500 rows; a row is rarely above 200 bytes */
#define LIMIT_PROBLEM_MAX_BYTES (64 * 1024) /* an error body that is kept */
/* A longer one is cut to this: milliseconds, or a date of another calendar, would be days. */
#define LIMIT_RETRY_AFTER_MAX_USEC (3600ULL * 1000000)
#define LIMIT_HEADERS_MAX_BYTES                                                                    \
        (64 * 1024) /* all headers of one answer, interim answers included */
#define LIMIT_URL_MAX_BYTES          4096
#define LIMIT_TOKEN_ANSWER_MAX_BYTES (64 * 1024) /* of the endpoint that gives tokens */
#define LIMIT_TOKEN_MAX_BYTES        (32 * 1024) /* one of them; servers take no longer headers */

/* JSON */
#define LIMIT_JSON_MAX_VALUES 100000 /* of one text; a page of 500 rows has some 2,500 */

/* Rows */
#define LIMIT_NAME_MAX_BYTES (256 * 1024) /* one database name */
#define LIMIT_REJECTED_BYTES                                                                       \
        4096 /* of a row that cannot be mirrored, which are kept to be looked at */
#define LIMIT_REJECTED_KEPT                                                                        \
        1000 /* such rows of one list of which they are kept; the others are counted */
#define LIMIT_PAGE_SIZE_MAX  500                 /* API reference: maximum of `limit` */
#define LIMIT_LIST_MAX_ROWS  20000000LL          /* rows of one edge */
#define LIMIT_LIST_MAX_PAGES 1000000LL           /* pages of one list */
#define LIMIT_DISCOVER_USEC  (3600ULL * 1000000) /* for the list of all rows, to discover by it */
#define LIMIT_LIST_MAX_NAME_BYTES                                                                  \
        (512LL << 20) /* names of one list, as often as they are kept: what its spool holds beside \
                         ids */
#define LIMIT_SPOOL_MEMORY_BYTES                                                                   \
        (2 * 1024 * 1024) /* per sync; beyond it an unlinked temporary file */

/* Edge connections, and sites */
#define LIMIT_EDGE_ITEMS_MAX         100000 /* of one answer */
#define LIMIT_CATALOG_NAME_MAX_BYTES 1024   /* of one: 255 characters and more */

/* Jobs */
#define LIMIT_JOB_MESSAGE_MAX_BYTES  (16 * 1024)
#define LIMIT_JOB_DOCUMENT_MAX_BYTES (64 * 1024) /* the jsonb that is kept */
#define LIMIT_JOB_SEARCH_PAGE        100         /* jobs that are asked for at once */
#define LIMIT_JOB_SEARCH_PAGES       50          /* a longer list is not searched to its end */
#define LIMIT_JOB_CURSOR_BYTES       1024
#define LIMIT_KNOWN_JOBS             64 /* the last ones of an edge, which no search may find */

/* Leases */
#define LIMIT_LEASE_MAX_USEC (3600ULL * 1000000)
/* one that ends later was written before PostgreSQL's clock was set back: it counts as ended */
#define LIMIT_LEASE_LEFT_USEC (2 * LIMIT_LEASE_MAX_USEC)

/* Requests to the monitor */
#define LIMIT_WEB_CONNECTIONS      16
#define LIMIT_WEB_CONNECTION_BYTES (16 * 1024)       /* of memory: request line and headers */
#define LIMIT_WEB_IDLE_SEC         10                /* without a byte in either direction */
#define LIMIT_WEB_CONNECTION_USEC  (15ULL * 1000000) /* from connecting to the answer's end */
#define LIMIT_WEB_ARGUMENTS        16
#define LIMIT_WEB_TEXT_BYTES       4096 /* of a text in a page; what is longer is cut visibly */

/* Messages to a receiver */
#define LIMIT_NOTIFY_EVENTS         50          /* in one message; the rest follows */
#define LIMIT_NOTIFY_TEMPLATE_BYTES (64 * 1024) /* the file of one */
#define LIMIT_NOTIFY_TEAMS_BYTES    12000       /* it refuses 28 KiB, of two for each character */
#define LIMIT_NOTIFY_ANSWER_BYTES   (64 * 1024) /* which nobody reads */

/* Texts for people */
#define LIMIT_FAULT_MESSAGE_BYTES 2048
#define LIMIT_LOG_FIELDS          16  /* facts beside one line */
#define LIMIT_LOG_VALUE_BYTES     512 /* one of them */

/* Files */
#define LIMIT_SECRET_MAX_BYTES    (64 * 1024)
#define LIMIT_CONFIG_EDGES_MAX    100000
#define LIMIT_CONFIG_FILE_BYTES   (64 * 1024 * 1024) /* one configuration file */
#define LIMIT_CONFIG_LINE_BYTES   4096               /* one line of it */
#define LIMIT_CONFIG_ERRORS_MAX   1000 /* errors that are listed; the rest is counted */
#define LIMIT_EDGE_NAME_MAX_BYTES 128

/* Time zones */
#define LIMIT_ZONE_NAME_MAX_BYTES 255
#define LIMIT_ZONE_FILE_MAX_BYTES (64 * 1024) /* the largest of tzdata has less than 4 KiB */
