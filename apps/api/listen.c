/* Listeners: the public one, and a door for the programs of this machine. */
#include "listen.h"

#include "modelops/base/line.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>

static bool loopback(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "::1") || !strcmp(host, "[::1]");
}

static int check_demo(const struct api_cfg *cfg, struct mo_err *err)
{
	if (cfg->auth_mode != AUTH_MODE_DEMO || cfg->demo_allow_remote || loopback(cfg->host))
		return 0;
	mo_fail(err, MO_EINVAL,
		"AUTH_MODE=demo refuses to listen on '%s': anybody could be anybody", cfg->host);
	return mo_advise(err, NULL, "use HOST=127.0.0.1, AUTH_MODE=keys, or DEMO_ALLOW_REMOTE=1");
}

/* Jobs keep their door's address while the API starts anew: the port of last time, when it is free.
 */
static int open_door(struct api *api, struct mo_err *err)
{
	char path[PATH_TEXT], last[256], address[280], bound[256];
	struct mo_err taken = { 0 };
	if (path_in_data(api, "run/api.door", path, err) < 0)
		return -1;
	bool again = mo_line_read(path, last, sizeof(last)) == 0 && !strncmp(last, "http://", 7);
	snprintf(address, sizeof(address), "tcp:%s", again ? last + 7 : "127.0.0.1:0");
	if (http_server_listen_inside(api->server, address, bound, sizeof(bound), &taken) < 0 &&
		http_server_listen_inside(
			api->server, "tcp:127.0.0.1:0", bound, sizeof(bound), err) < 0)
		return -1;
	snprintf(api->door_url, sizeof(api->door_url), "http://%.240s", bound + 4);
	return 0;
}

/* "tcp:127.0.0.1:8000" -> "http://127.0.0.1:8000". */
int listen_open(struct api *api, struct mo_err *err)
{
	const struct api_cfg *cfg = &api->cfg;
	char address[300], bound[256];
	bool v6 = strchr(cfg->host, ':') && cfg->host[0] != '[';
	if (check_demo(cfg, err) < 0)
		return -1;
	snprintf(address, sizeof(address), v6 ? "tcp:[%s]:%lld" : "tcp:%s:%lld", cfg->host,
		(long long)cfg->port);
	if (http_server_listen(api->server, address, bound, sizeof(bound), err) < 0)
		return -1;
	const char *tls = cfg->http.tls_cert ? "s" : "";
	snprintf(api->base_url, sizeof(api->base_url), "http%s://%.240s", tls, bound + 4);
	if (cfg->http.tls_cert || cfg->http.hosts || !loopback(cfg->host))
		return open_door(api, err);
	memcpy(api->door_url, api->base_url, sizeof(api->door_url));
	return 0;
}
