/* How a workload says to the platform what its end means: the status it exits with. */
#ifndef MODELOPS_ARTIFACT_EXIT_CODE_H
#define MODELOPS_ARTIFACT_EXIT_CODE_H

enum workload_exit {
	WORKLOAD_OK = 0,
	WORKLOAD_FAILED = 1,       /* and all that is not named here: may be tried again */
	WORKLOAD_WRONG_INPUT = 2,  /* the user's input: trying again is useless */
	WORKLOAD_UNREACHABLE = 75, /* door or store did not answer for too long: the platform's
				      failure, unbilled and tried again */
	WORKLOAD_NOT_FOUND = 127,  /* of the shim: the program cannot be run; the same */
	WORKLOAD_STOPPED = 143,    /* by SIGTERM */
};

#endif
