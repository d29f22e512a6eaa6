/*
 * message_id: what an alert can be hung on.
 *
 * One MESSAGE_ID (sd-journal(3), systemd.journal-fields(7)) for each kind of event that a person
 * may want to be notified of, whatever the text of the line is. They are public and never change or
 * get another meaning. systemd/edgemirror.catalog says of each what to do (journalctl -x); a test
 * holds the two together. New ones come from `systemd-id128 new`.
 */
#pragma once

#define MESSAGE_ID_SERVICE_STARTED      "76579cd21f554a858e0f3a1d9b882a5a"
#define MESSAGE_ID_SERVICE_STOPPED      "63fa3da45da845a1b9b9f4460035bc9d"
#define MESSAGE_ID_SERVICE_RELOADED     "690969b675a247d38a5c364310579cd0"
#define MESSAGE_ID_RELOAD_REFUSED       "080d4f62094a4ccb817100eb1cb214fd"
#define MESSAGE_ID_RUN_FAILED           "b6526c82e03d4887b015cbaf173a3890"
#define MESSAGE_ID_RUN_HELD             "424963e7bbbc49b1b44482d06135c524"
#define MESSAGE_ID_CATALOG_UNREACHABLE  "5965fd9a15ff4b9697815ef5fb8b75cd"
#define MESSAGE_ID_CATALOG_BACK         "ffde320c4dca49b2b23049731c05cb57"
#define MESSAGE_ID_POSTGRES_UNREACHABLE "5f2b21ad06d64b7fb776b1657161d74a"
#define MESSAGE_ID_POSTGRES_BACK        "4ca76df814b1445799c6e04618b7aee6"
#define MESSAGE_ID_CREDENTIALS_REFUSED  "8895831841a248ec829987b9e58b1d16"
#define MESSAGE_ID_EDGE_VANISHED        "3fd236f485144bf4a7d8ed163ed93b54"
#define MESSAGE_ID_MONITOR_CLOSED       "691bb8b79180484c88607527154aa163"
#define MESSAGE_ID_LEASE_LOST           "b04d458d469c4caeae3325df7cd15bd4"
