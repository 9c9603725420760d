// The errors of Secrets Manager that several parts of it answer. All have status 400.
import { ServiceError } from '../service-error';

export function secretNotFound(): ServiceError {
  return new ServiceError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.");
}

export function alreadyExists(name: string): ServiceError {
  const message = `The operation failed because the secret ${name} already exists.`;
  return new ServiceError('ResourceExistsException', 400, message);
}

export function invalidRequest(message: string): ServiceError {
  return new ServiceError('InvalidRequestException', 400, message);
}

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', 400, message);
}

export function accessDenied(message: string): ServiceError {
  return new ServiceError('AccessDeniedException', 400, message);
}
