/* Short forms for field tables, and how a list lies in memory; for wire's own .c files. */
#ifndef MODELOPS_WIRE_FIELDS_H
#define MODELOPS_WIRE_FIELDS_H

#include "modelops/base/check.h"
#include "modelops/wire/schema.h"

/* WIRE_LIST: two members side by side, pointer and count. */
struct wire_list {
	const void *at; /* array of structs */
	size_t count;
};

/* A field called like its struct member; designated initialisers may follow. */
#define FIELD(s, member, type_, ...) { #member, type_, offsetof(struct s, member), __VA_ARGS__ }

/* A field called otherwise than its member. */
#define FIELD_AS(s, name_, member, type_, ...) \
	{ name_, type_, offsetof(struct s, member), __VA_ARGS__ }

#define ID_FIELD(s)      FIELD(s, id, WIRE_ID, .flags = WIRE_RO)
#define TENANT_FIELD(s)  FIELD(s, tenant_id, WIRE_ID, .flags = WIRE_RO)
#define CREATED_FIELD(s) FIELD(s, created_at, WIRE_TIME, .flags = WIRE_RO)
#define UPDATED_FIELD(s) FIELD(s, updated_at, WIRE_TIME, .flags = WIRE_RO)
/* A time that may not have come yet. */
#define TIME_FIELD(s, member, ...) \
	FIELD(s, member, WIRE_TIME, .flags = WIRE_RO | WIRE_NULL, __VA_ARGS__)

#define SHAPE(shape) (1U << (shape))

/* Defines noun VAR from its table FIELDS_. */
#define NOUN(var, name_, s, fields_, shapes_, about_) \
	const struct wire_noun var = { name_, about_, fields_, MO_COUNT(fields_), \
		sizeof(struct s), shapes_ }

#define READ_ONLY  (SHAPE(WIRE_READ) | SHAPE(WIRE_PAGE))
#define READ_WRITE (READ_ONLY | SHAPE(WIRE_CREATE))
#define READ_PATCH (READ_WRITE | SHAPE(WIRE_PATCH))
#define BODY       SHAPE(WIRE_CREATE)
#define REPLY      SHAPE(WIRE_READ)

#endif
