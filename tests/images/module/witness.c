/* A module of Redis with one data type and one command, for tests: `WITNESS.SET key` stores a value
 * that only a server with this module reads. It needs no header and no library. */

#include <stddef.h>
#include <stdint.h>

static int (*set_attributes)(void *, const char *, int, int);
static int (*create_command)(void *, const char *, int (*)(void *, void **, int), const char *, int,
                             int, int);
static void *(*create_type)(void *, const char *, int, void *);
static void *(*open_key)(void *, void *, int);
static int (*set_value)(void *, void *, void *);
static void (*close_key)(void *);
static int (*reply)(void *, const char *);
static uint64_t (*load_unsigned)(void *);
static void (*save_unsigned)(void *, uint64_t);

static void *type;
static int value;

static void *load(void *io, int version) {
    (void)version;
    return load_unsigned(io) == 42 ? &value : NULL;
}

static void save(void *io, void *stored) {
    (void)stored;
    save_unsigned(io, 42);
}

static void keep(void *stored) { (void)stored; }

static int set(void *ctx, void **argv, int argc) {
    void *key = open_key(ctx, argv[argc - 1], 3 /* read and write */);
    set_value(key, type, &value);
    close_key(key);
    return reply(ctx, "OK");
}

/* Version 1 of the methods of a type: load, save, rewrite, memory, digest, free. */
static struct {
    uint64_t version;
    void *(*load)(void *, int);
    void (*save)(void *, void *);
    void *rewrite, *memory, *digest;
    void (*release)(void *);
} methods = {1, load, save, NULL, NULL, NULL, keep};

int RedisModule_OnLoad(void *ctx, void **argv, int argc) {
    (void)argv;
    (void)argc;
    int (*get)(const char *, void *) = ((int (**)(const char *, void *))ctx)[0];
    get("RedisModule_SetModuleAttribs", &set_attributes);
    get("RedisModule_CreateCommand", &create_command);
    get("RedisModule_CreateDataType", &create_type);
    get("RedisModule_OpenKey", &open_key);
    get("RedisModule_ModuleTypeSetValue", &set_value);
    get("RedisModule_CloseKey", &close_key);
    get("RedisModule_ReplyWithSimpleString", &reply);
    get("RedisModule_LoadUnsigned", &load_unsigned);
    get("RedisModule_SaveUnsigned", &save_unsigned);
    set_attributes(ctx, "witness", 1, 1);
    type = create_type(ctx, "witness-1", 0, &methods);
    return type ? create_command(ctx, "witness.set", set, "write", 1, 1, 1) : 1;
}
