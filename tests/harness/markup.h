/*
 * markup: whether a page is as strict as XML and as our pages are to be.
 *
 * Elements are closed in turn; attributes are quoted, none is there twice; "<", ">" and "&" are not
 * bare; elements and attributes are of a list, so that none that could run or fetch anything is
 * there; one <main> and one <h1>, no level of headings left out; ids are unique; tables have
 * captions, heading cells a scope, fields a label, pictures a text.
 */
#pragma once

/* NULL: nothing is wrong; else what, and where; static. */
const char *markup_problem(const char *page);
