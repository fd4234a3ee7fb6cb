/*
 * bugcodes.h - bugcheck codes, under Windows' names and numbers (WDK, bugcodes.h)
 *
 * BUGCHECK_CODES lists them once; kernel/bugcheck/bugcodes.c makes the table of names from it.
 */
#ifndef _BUGCODES_H_
#define _BUGCODES_H_

#define BUGCHECK_CODES(X)                                                                          \
    X(APC_INDEX_MISMATCH, 0x01)                                                                    \
    X(INVALID_AFFINITY_SET, 0x03)                                                                  \
    X(INVALID_PROCESS_ATTACH_ATTEMPT, 0x05)                                                        \
    X(INVALID_PROCESS_DETACH_ATTEMPT, 0x06)                                                        \
    X(INVALID_SOFTWARE_INTERRUPT, 0x07)                                                            \
    X(IRQL_NOT_DISPATCH_LEVEL, 0x08)                                                               \
    X(IRQL_NOT_GREATER_OR_EQUAL, 0x09)                                                             \
    X(IRQL_NOT_LESS_OR_EQUAL, 0x0A)                                                                \
    X(NO_EXCEPTION_HANDLING_SUPPORT, 0x0B)                                                         \
    X(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0x0C)                                                         \
    X(NO_USER_MODE_CONTEXT, 0x0E)                                                                  \
    X(SPIN_LOCK_ALREADY_OWNED, 0x0F)                                                               \
    X(SPIN_LOCK_NOT_OWNED, 0x10)                                                                   \
    X(THREAD_NOT_MUTEX_OWNER, 0x11)                                                                \
    X(TRAP_CAUSE_UNKNOWN, 0x12)                                                                    \
    X(REFERENCE_BY_POINTER, 0x18)                                                                  \
    X(BAD_POOL_HEADER, 0x19)                                                                       \
    X(MEMORY_MANAGEMENT, 0x1A)                                                                     \
    X(KMODE_EXCEPTION_NOT_HANDLED, 0x1E)                                                           \
    X(KERNEL_APC_PENDING_DURING_EXIT, 0x20)                                                        \
    X(FILE_SYSTEM, 0x22)                                                                           \
    X(INCONSISTENT_IRP, 0x2A)                                                                      \
    X(PANIC_STACK_SWITCH, 0x2B)                                                                    \
    X(DATA_BUS_ERROR, 0x2E)                                                                        \
    X(INSTRUCTION_BUS_ERROR, 0x2F)                                                                 \
    X(PHASE0_INITIALIZATION_FAILED, 0x31)                                                          \
    X(PHASE1_INITIALIZATION_FAILED, 0x32)                                                          \
    X(NO_MORE_IRP_STACK_LOCATIONS, 0x35)                                                           \
    X(DEVICE_REFERENCE_COUNT_NOT_ZERO, 0x36)                                                       \
    X(SYSTEM_SERVICE_EXCEPTION, 0x3B)                                                              \
    X(INTERRUPT_UNWIND_ATTEMPTED, 0x3C)                                                            \
    X(INTERRUPT_EXCEPTION_NOT_HANDLED, 0x3D)                                                       \
    X(MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED, 0x3E)                                            \
    X(MULTIPLE_IRP_COMPLETE_REQUESTS, 0x44)                                                        \
    X(CANCEL_STATE_IN_COMPLETED_IRP, 0x48)                                                         \
    X(PAGE_FAULT_WITH_INTERRUPTS_OFF, 0x49)                                                        \
    X(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, 0x4A)                                                        \
    X(FATAL_UNHANDLED_HARD_ERROR, 0x4C)                                                            \
    X(NO_PAGES_AVAILABLE, 0x4D)                                                                    \
    X(PFN_LIST_CORRUPT, 0x4E)                                                                      \
    X(PAGE_FAULT_IN_NONPAGED_AREA, 0x50)                                                           \
    X(REGISTRY_ERROR, 0x51)                                                                        \
    X(HAL1_INITIALIZATION_FAILED, 0x61)                                                            \
    X(MISMATCHED_HAL, 0x79)                                                                        \
    X(HAL_INITIALIZATION_FAILED, 0x5C)                                                             \
    X(UNSUPPORTED_PROCESSOR, 0x5D)                                                                 \
    X(OBJECT_INITIALIZATION_FAILED, 0x5E)                                                          \
    X(OBJECT1_INITIALIZATION_FAILED, 0x5F)                                                         \
    X(PROCESS_INITIALIZATION_FAILED, 0x60)                                                         \
    X(MEMORY1_INITIALIZATION_FAILED, 0x65)                                                         \
    X(CONFIG_INITIALIZATION_FAILED, 0x67)                                                          \
    X(IO1_INITIALIZATION_FAILED, 0x69)                                                             \
    X(PROCESS1_INITIALIZATION_FAILED, 0x6B)                                                        \
    X(INACCESSIBLE_BOOT_DEVICE, 0x7B)                                                              \
    X(BUGCODE_PSS_MESSAGE, 0x7C)                                                                   \
    X(INSTALL_MORE_MEMORY, 0x7D)                                                                   \
    X(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0x7E)                                                   \
    X(UNEXPECTED_KERNEL_MODE_TRAP, 0x7F)                                                           \
    X(NMI_HARDWARE_FAILURE, 0x80)                                                                  \
    X(THREAD_TERMINATE_HELD_MUTEX, 0x4000008A)                                                     \
    X(KERNEL_STACK_LOCKED_AT_EXIT, 0x8B)                                                           \
    X(INVALID_KERNEL_HANDLE, 0x93)                                                                 \
    X(INVALID_WORK_QUEUE_ITEM, 0x96)                                                               \
    X(MACHINE_CHECK_EXCEPTION, 0x9C)                                                               \
    X(ACPI_BIOS_ERROR, 0xA5)                                                                       \
    X(BAD_EXHANDLE, 0xA7)                                                                          \
    X(HAL_MEMORY_ALLOCATION, 0xAC)                                                                 \
    X(ATTEMPTED_WRITE_TO_READONLY_MEMORY, 0xBE)                                                    \
    X(MUTEX_ALREADY_OWNED, 0xBF)                                                                   \
    X(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, 0xC1)                                               \
    X(BAD_POOL_CALLER, 0xC2)                                                                       \
    X(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xC4)                                                    \
    X(DRIVER_CORRUPTED_EXPOOL, 0xC5)                                                               \
    X(TIMER_OR_DPC_INVALID, 0xC7)                                                                  \
    X(IRQL_UNEXPECTED_VALUE, 0xC8)                                                                 \
    X(TERMINAL_SERVER_DRIVER_MADE_INCORRECT_MEMORY_REFERENCE, 0xCF)                                \
    X(DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0xD1)                                                         \
    X(NO_MORE_SYSTEM_PTES, 0xD8)                                                                   \
    X(SYSTEM_PTE_MISUSE, 0xDA)                                                                     \
    X(MANUALLY_INITIATED_CRASH, 0xE2)                                                              \
    X(RESOURCE_NOT_OWNED, 0xE3)                                                                    \
    X(WORKER_INVALID, 0xE4)                                                                        \
    X(UNMOUNTABLE_BOOT_VOLUME, 0xED)                                                               \
    X(CRITICAL_PROCESS_DIED, 0xEF)                                                                 \
    X(CRITICAL_OBJECT_TERMINATION, 0xF4)                                                           \
    X(DRIVER_OVERRAN_STACK_BUFFER, 0xF7)                                                           \
    X(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, 0xFC)                                                 \
    X(DPC_WATCHDOG_VIOLATION, 0x133)                                                               \
    X(KERNEL_SECURITY_CHECK_FAILURE, 0x139)                                                        \
    X(UNWIND_ON_INVALID_STACK, 0x1AB)                                                              \
    X(MANUALLY_INITIATED_CRASH1, 0xDEADDEAD)

enum {
#define BUGCHECK_ENUM(Name, Value) Name = (int)Value,
    BUGCHECK_CODES(BUGCHECK_ENUM)
#undef BUGCHECK_ENUM
};

#endif
