/* /openapi.json and /docs: Swagger UI from the installed package, a fixed list of its files,
 * nothing else. */
#include "handlers.h"

#include "modelops/base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name, *type;
} files[] = {
	{ "swagger-ui.css", "text/css; charset=utf-8" },
	{ "swagger-ui-bundle.js", "text/javascript; charset=utf-8" },
	{ "swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8" },
	{ "favicon-32x32.png", "image/png" },
	{ "favicon-16x16.png", "image/png" },
};

/* No inline script: the page works under the strict policy below. */
static const char page[] =
	"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>ModelOps Studio "
	"API</title>"
	"<link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">"
	"<link rel=\"icon\" type=\"image/png\" href=\"/docs/favicon-32x32.png\"></head><body>"
	"<div id=\"swagger-ui\"></div><script src=\"/docs/swagger-ui-bundle.js\"></script>"
	"<script src=\"/docs/start.js\"></script></body></html>\n";

static const char start_js[] =
	"window.onload = function () {\n"
	"\tSwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true });\n"
	"};\n";

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self' "
			     "'unsafe-inline'; img-src 'self' data:; "
			     "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

int openapi_document(struct api_req *r, struct mo_err *err)
{
	return req_answer_text(r, "application/json",
		(struct mo_str){ r->api->openapi.data, r->api->openapi.len });
}

int docs_page(struct api_req *r, struct mo_err *err)
{
	if (http_req_header(r->http, "Content-Security-Policy", policy, err) < 0)
		return -1;
	return req_answer_text(r, "text/html; charset=utf-8", mo_str(page));
}

static int serve(struct api_req *r, size_t which, struct mo_err *err)
{
	char path[1024];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", r->api->cfg.swagger, files[which].name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return mo_fail(err, MO_ENOTFOUND, "SWAGGER_UI_DIR is too long");
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return mo_fail(
			err, MO_ENOTFOUND, "Swagger UI is not installed: run tools/install-deps");
	if (fd < 0 || fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "'%s' of Swagger UI", files[which].name);
	r->reply = (struct http_reply){ .status = 200,
		.content_type = files[which].type,
		.has_fd = true,
		.file_len = st.st_size };
	r->reply.fd = MO_TAKE_FD(fd);
	return 0;
}

int docs_file(struct api_req *r, struct mo_err *err)
{
	const char *name = req_param(r, "file");
	if (!strcmp(name, "start.js"))
		return req_answer_text(r, "text/javascript; charset=utf-8", mo_str(start_js));
	for (size_t i = 0; i < MO_COUNT(files); i++)
		if (!strcmp(name, files[i].name))
			return serve(r, i, err);
	return mo_fail(err, MO_ENOTFOUND, "no such file of the documentation: '%.80s'", name);
}
